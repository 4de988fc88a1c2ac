"""Sphinx configuration; `make docs` builds with warnings as errors."""

import pinchpoint

project = "pinchpoint"
author = "The pinchpoint authors"
copyright = author
version = release = pinchpoint.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False

html_theme = "alabaster"
html_theme_options = {
    "description": "Find where a fabric pinches",
    "page_width": "1040px",
    "sidebar_width": "220px",
}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
