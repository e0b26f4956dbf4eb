"""Room *boxes*: real commands in boxes, with boxlite's typed codes and its wire shape."""
