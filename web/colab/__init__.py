"""Write each chapter as a notebook for Colab: ``python -m web.colab OUT_DIR``.

Colab knows plain Markdown only. `directives` turns MyST's blocks into it, `roles`
what stands inside a line, and `notebook` the chapter around them. Syntax that none
of them knows stops the conversion, so that nothing breaks unseen.
"""
