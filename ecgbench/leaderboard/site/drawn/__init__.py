"""Parts of pages that the site draws and markdown cannot: cards, intervals in cells, tables that follow a choice."""
