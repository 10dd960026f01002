app_name = "shop"

scheduler_events = {
    "all": ["shop.tasks.sync_stock", "shop.tasks.send_reminders"],
    "daily_long": ["shop.tasks.rebuild_search"],
}
