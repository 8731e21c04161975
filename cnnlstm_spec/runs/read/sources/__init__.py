"""Sources: tables, arrays, folders of folders, functions; each gives `Rows`."""
