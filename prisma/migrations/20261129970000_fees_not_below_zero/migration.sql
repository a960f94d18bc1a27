-- No fee is below zero. A movement of the kind FEE is a difference, which is below zero where a fee was lowered. Rows from
-- before are not checked, so that the books of a gateway that has such a row can be taken over; the proof names it.
ALTER TABLE "payment"
  ADD CONSTRAINT "payment_fees_not_below_zero" CHECK ("provider_fee_minor" >= 0 AND "organization_fee_minor" >= 0) NOT VALID;
ALTER TABLE "payment_movement"
  ADD CONSTRAINT "payment_movement_fees_not_below_zero"
  CHECK (("provider_fee_minor" >= 0 OR "kind" = 'FEE') AND "organization_fee_minor" >= 0) NOT VALID;
