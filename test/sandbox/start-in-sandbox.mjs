// A server that starts one program in a sandbox, and then waits until it is killed:
// node start-in-sandbox.mjs <URL of the module> <its export> <command and walls as JSON>
const [moduleUrl, name, json] = process.argv.slice(2);
const { [name]: exported } = await import(moduleUrl);
const sandbox = typeof exported === 'function' ? exported() : exported;
const { command, walls } = JSON.parse(json);
sandbox.start(command, walls).on('error', (error) => console.error(error));
process.stdin.resume().on('end', () => process.exit());
