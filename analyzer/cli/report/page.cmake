# SPDX-License-Identifier: GPL-2.0-or-later
# Writes page.css and page.js as C strings, a line a literal.
set(source "#include \"report/page.h\"\n")
foreach(name css js)
    file(READ ${FOLDER}/page.${name} text)
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
    string(APPEND source "\nconst char page_${name}[] =\n    \"${text}\";\n")
endforeach()
file(WRITE ${OUTPUT} "${source}")
