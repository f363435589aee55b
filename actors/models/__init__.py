"""The files of pulled models: what there is to pull, where it lies, and how memory is kept within bounds."""
