/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_page: the parts of the page, for html.c alone, which puts them one after the other. */
#ifndef ANALYZE_REPORT_HTML_PAGE_H
#define ANALYZE_REPORT_HTML_PAGE_H

#include "base/output.h"
#include "record/store.h"
#include "report/pick.h"

/* Journeys that are drawn: those not delivered, then the slowest. */
#define HTML_DRAWN_MAX 200u
/* Rows of each table. */
#define HTML_ROWS_MAX 5000u

struct html_page {
    struct output *output;
    const struct report *report;
    const struct pick *pick;
    GArray *order;      /* guint: the journeys that are drawn, in that order */
    guint num_wanted;   /* that are undelivered, or were picked */
    guint num_first;    /* of these, drawn: the first of the order */
    gboolean *is_drawn; /* by journey */
};

/* ---- html_journey.c ---- */

/* Decides what is drawn; to be cleared. */
void html_choose(struct html_page *page);
void html_clear(struct html_page *page);

/* "<a href="#j7">7</a>", where it is drawn. */
void html_append_link(GString *html, const struct html_page *page, guint journey);

/* Who has not got what, who has it and since when: a row a recipient. */
void html_undelivered(struct html_page *page);

/* The drawings. */
void html_journeys(struct html_page *page);

/* ---- html_table.c ---- */

/* A table by the name that --table has for it; nothing where it has no rows. */
void html_table(struct html_page *page, const char *title, const char *name);

/* The parts of one that is written by hand.  Headings end with NULL; one that begins with
 * HTML_RIGHT, which is not shown, is of numbers. */
#define HTML_RIGHT '>'
void html_begin_table(struct html_page *page, const char *title, guint num,
                      const char *const *headings);
void html_end_table(struct html_page *page);
/* A cell that is stacked under its heading on a phone.  What is no number has its text to sort
 * by. */
void html_append_text(GString *html, const char *heading, const char *text);
void html_append_number(GString *html, const char *heading, gint64 number, const char *text);

#endif
