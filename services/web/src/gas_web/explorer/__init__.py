"""Reading a job's table: what may be asked of it, pages and exports of it, and how they are shown."""
