"""How GitHub must be set up. Begin with `desired_settings`: `doctor` shows what differs from it, `init --apply` changes that."""
