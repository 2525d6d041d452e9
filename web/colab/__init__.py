"""Write each chapter as a notebook: ``python -m web.colab OUT_DIR``.

It is what Colab opens and what the page offers for download, and it reads as the page
does before anything is run. The text is the chapter's own: Colab knows plain Markdown
only, so `directives` turns MyST's blocks into it, `roles` what stands inside a line,
`macros` TeX, `references` citations, and `notebook` the chapter around them. What was
computed comes from the built book (`built`): numbers in sentences, `outputs` of cells,
and what formulas and figures are called. Syntax that none of them knows stops the
conversion, so that nothing breaks unseen.
"""
