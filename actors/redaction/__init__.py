"""Takes e-mail addresses, phone numbers and national identity numbers out of text, where that is asked for."""
