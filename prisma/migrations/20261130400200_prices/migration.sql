-- What a product costs in further currencies: a list of { "minor": "1999", "currency": "EUR" }, one for each currency.
ALTER TABLE product ADD COLUMN further_prices JSONB NOT NULL DEFAULT '[]';
