"""A small shop: the app whose jobs the demo bench runs. None of them changes anything."""
