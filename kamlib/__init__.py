"""Key-account planning and appraisal."""
