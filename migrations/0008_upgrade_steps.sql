-- What SQL alone cannot do in an upgrade, and the program has done once after the migrations (src/server/upgrade_steps.rs).
-- (Types as in 0001.)

CREATE TABLE upgrade_steps (
    name TEXT NOT NULL CONSTRAINT upgrade_steps_pk PRIMARY KEY
);
