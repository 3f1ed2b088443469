"""The runs that change something: grant, sweep, revoke and stop; what some of them do last; and the job that writes to chat."""
