"""Parts of HintEditor: the coloured photograph, its figure, the mouse, and the widgets of a notebook."""
