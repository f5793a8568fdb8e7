/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page: the style and the script of the page, page.css and page.js as strings. */
#ifndef ANALYZE_REPORT_PAGE_H
#define ANALYZE_REPORT_PAGE_H

extern const char page_css[], page_js[];

#endif
