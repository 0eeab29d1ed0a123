"""How well it went: KPIs, weights, scorecards, feedback, rankings that say how sure they are."""
