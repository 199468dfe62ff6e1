// Removes a folder with the compiled source, and prints how often the event loop ran meanwhile.
const [source, folder] = process.argv.slice(2);
const { removeTree } = await import(source);
let turns = 0;
let isDone = false;
const count = () => {
  turns += 1;
  if (!isDone) setImmediate(count);
};
setImmediate(count);
await removeTree(folder);
isDone = true;
console.log(`turns ${turns}`);
