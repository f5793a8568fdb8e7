'use strict';
for (const table of document.querySelectorAll('table')) {
    const body = table.tBodies[0];
    const value = (row, column) => {
        const cell = row.cells[column];
        return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
    };
    [...table.tHead.rows[0].cells].forEach((head, column) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = head.textContent;
        head.replaceChildren(button);
        button.addEventListener('click', () => {
            const up = head.getAttribute('aria-sort') !== 'ascending';
            for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
            head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
            const rows = [...body.rows];
            rows.sort((a, b) => {
                const x = value(a, column), y = value(b, column);
                const order = typeof x === 'number' && typeof y === 'number' ? x - y
                    : String(x).localeCompare(String(y), 'en', { numeric: true });
                return up ? order : -order;
            });
            body.append(...rows);
        });
    });
    const input = document.createElement('input');
    input.type = 'search';
    input.placeholder = 'Filter';
    input.setAttribute('aria-label', 'Show only rows with this text');
    input.addEventListener('input', () => {
        const sought = input.value.toLowerCase();
        for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(sought);
    });
    table.before(input);
}
