/** A child for children.test.ts: answers numbers doubled; "leave" closes the channel from this side and lives on a little. */
process.on("message", (message) => {
  if (message === "leave") {
    process.disconnect();
    setTimeout(() => process.exit(3), 100);
  } else process.send?.(Number(message) * 2);
});
process.on("disconnect", () => {
  setTimeout(() => process.exit(0), 20);
});
