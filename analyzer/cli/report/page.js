'use strict';
for (const table of document.querySelectorAll('table')) {
    const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
    const value = (row, column) => {
        const cell = row.cells[column];
        return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
    };
    const sort = (column, up) => {
        for (const head of heads) head.removeAttribute('aria-sort');
        heads[column].setAttribute('aria-sort', up ? 'ascending' : 'descending');
        const rows = [...body.rows];
        rows.sort((a, b) => {
            const x = value(a, column), y = value(b, column);
            const order = typeof x === 'number' && typeof y === 'number' ? x - y
                : String(x).localeCompare(String(y), 'en', { numeric: true });
            return up ? order : -order;
        });
        body.append(...rows);
    };
    const tools = document.createElement('div'), input = document.createElement('input');
    tools.className = 'tools';
    input.type = 'search';
    input.placeholder = 'Filter';
    input.setAttribute('aria-label', 'Show only rows with this text');
    input.addEventListener('input', () => {
        const sought = input.value.toLowerCase();
        for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(sought);
    });
    // On a phone, where the headings are not to be had.
    const select = document.createElement('select');
    select.setAttribute('aria-label', 'Sort by');
    select.add(new Option('Sort by', '', true, true));
    heads.forEach((head, column) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = head.textContent;
        head.replaceChildren(button);
        button.addEventListener('click', () => sort(column, head.getAttribute('aria-sort') !== 'ascending'));
        for (const up of [true, false])
            select.add(new Option(`${button.textContent} ${up ? '\u2191' : '\u2193'}`, `${column} ${up}`));
    });
    select.addEventListener('change', () => {
        const [column, up] = select.value.split(' ');
        if (column !== '') sort(Number(column), up === 'true');
    });
    tools.append(input, select);
    if (body.rows.length > 3) table.parentNode.before(tools);
}
// On paper everything is open.
const closed = [];
addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('details:not([open])')) {
        closed.push(details);
        details.open = true;
    }
});
addEventListener('afterprint', () => {
    for (const details of closed.splice(0)) details.open = false;
});
