"""How the ledger's schema came about; alembic runs these at open, in one transaction."""
