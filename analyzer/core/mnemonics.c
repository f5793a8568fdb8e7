/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/mnemonics.h"

#include <stddef.h>

#define NAME_CASE(constant, value, name)                                                           \
    case value:                                                                                    \
        return name;
#define NAME_FUNCTION(function, list)                                                              \
    const char *function(uint8_t value)                                                            \
    {                                                                                              \
        switch (value) {                                                                           \
            list(NAME_CASE)                                                                        \
        }                                                                                          \
        return NULL;                                                                               \
    }

#define FIELD_NAME_FUNCTION(field, list, function) NAME_FUNCTION(function, list)
SSTP_CODED_FIELDS(FIELD_NAME_FUNCTION)

sstp_mnemonic *sstp_mnemonic_of(enum sstp_field field)
{
#define FIELD_CASE(field, list, function)                                                          \
    case SSTP_FIELD_##field:                                                                       \
        return function;
    switch ((int)field) { /* most fields have no codes */
        SSTP_CODED_FIELDS(FIELD_CASE)
    }
    return NULL;
}
