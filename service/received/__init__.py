"""The folder `<state>/received`: what is sent or fetched comes in hidden, and appears when it is whole."""
