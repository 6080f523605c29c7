-- Who must have a second factor, and since when. (Types as in 0001.)

ALTER TABLE groups ADD COLUMN requires_second_factor BIGINT NOT NULL DEFAULT 0;
-- When the account was first found to need a second factor: the period of grace begins then. Set once, also if the rule comes and goes.
ALTER TABLE users ADD COLUMN second_factor_required_at BIGINT;
