"""Systems of other people that Earshot may work with; imported only when they are switched on."""
