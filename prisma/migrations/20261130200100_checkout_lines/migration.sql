-- What a checkout sells, line by line, with its discounts and taxes. It is written once, with the checkout, and read with
-- it, also for each of its events. Null where one item says it all, which stands in columns of its own.
ALTER TABLE checkout ADD COLUMN lines jsonb;
