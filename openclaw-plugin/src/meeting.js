// Where the copies of this plugin in one process meet. The host registers it several times and loads
// its modules anew at a reload; it starts the service of one copy and calls the hooks of another.

// What all copies have under this name; whoever comes first makes it.
export function shared(name, make) {
  return (globalThis[Symbol.for(`clawmarket.${name}`)] ??= make());
}
