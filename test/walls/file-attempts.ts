import type { Attempt, ToolAttempt } from './attempt.js';

/** Attempts by files, links, archives and Git. */
export const FILE_ATTEMPTS: readonly Attempt[] = [
  {
    name: 'reads the database of the server',
    script: 'grep -aoh "SECRET-[0-9a-f-]*" "$DB" "$DB-wal"',
  },
  {
    name: 'reads the credentials in the home of the server',
    script: 'cat "$SHOME/.ssh/id_rsa" "$SHOME/.netrc"',
  },
  { name: 'reads the files of another owner', script: 'cat "$VFOLDER"/*' },
  {
    name: 'reads the home of another agent',
    script: 'cat "$VHOME"/*; cat "$VHOME"/.claude.json; grep -rs SECRET "$VHOME"',
    unseen: 'Without walls, agents have no homes of their own.',
  },
  { name: 'lists the sessions', script: 'ls "$ROOT/sessions" | grep "$VICTIM" && echo REACHED' },
  {
    name: 'climbs from its folder',
    script: 'cat ../../../*/secret.txt ../../../../sessions/*/secret.txt',
  },
  {
    name: 'writes into the folder of another owner',
    script: 'echo changed > "$VFOLDER/written" && [ -e "$VFOLDER/secret.txt" ] && echo REACHED',
  },
  {
    name: 'writes a memory for another agent',
    script:
      'mkdir -p "$VHOME/projects/x/memory" && echo evil > "$VHOME/projects/x/memory/MEMORY.md"',
    hasEffect: (world) => world.existsAt(`${world.variables['VHOME']}/projects/x/memory/MEMORY.md`),
  },
  {
    name: 'reads through a symbolic link',
    script: 'ln -s "$DB" link1; ln -s "$SHOME" link2; cat link1 link2/.netrc',
  },
  { name: 'reads through a hard link', script: 'ln "$SHOME/.netrc" hard && cat hard' },
  {
    name: 'writes through a symbolic link',
    script: 'ln -s "$SHOME" link3; echo x > link3/by-link',
    hasEffect: (world) => world.exists('by-link'),
  },
  {
    name: 'unpacks an archive with absolute paths',
    script:
      'mkdir -p "$PWD/a"; echo x > x; tar -cPf a.tar --transform "s|^x|$SHOME/by-tar|" x; tar -xPf a.tar',
    hasEffect: (world) => world.exists('by-tar'),
  },
  {
    name: 'unpacks an archive with a link to a folder outside',
    script:
      'mkdir -p p q/l; ln -s "$SHOME" p/l; tar -cf l.tar -C p l; echo x > q/l/by-archive; tar -rf l.tar -C q l/by-archive; mkdir out2; tar -xf l.tar -C out2; cat out2/l/.netrc',
  },
  {
    name: 'changes the shell of the server',
    script: 'echo evil >> "$SHOME/.bashrc"',
    hasEffect: (world) => world.isChanged('.bashrc'),
  },
  {
    name: 'adds a key for the user of the server',
    script: 'echo evil >> "$SHOME/.ssh/authorized_keys"',
    hasEffect: (world) => world.isChanged('.ssh/authorized_keys'),
  },
  {
    name: 'adds hooks to the settings of the server',
    script: 'echo "{}" > "$SHOME/.claude/settings.json"',
    hasEffect: (world) => world.isChanged('.claude/settings.json'),
  },
  {
    name: 'shadows a program of the server',
    script: 'mkdir -p "$SHOME/bin"; echo evil > "$SHOME/bin/git"',
    hasEffect: (world) => world.exists('bin/git'),
  },
  {
    name: 'writes into the folders of the system',
    script: '( : > "/etc/walls-$ID" ) && echo REACHED; rm -f "/etc/walls-$ID"',
    needsRoot: true,
  },
  {
    name: 'writes into the folders of programs',
    script: '( : > "/usr/walls-$ID" ) && echo REACHED; rm -f "/usr/walls-$ID"',
    needsRoot: true,
  },
  {
    name: 'writes into the root folder',
    script: '( : > "/walls-$ID" ) && echo REACHED; rm -f "/walls-$ID"',
    needsRoot: true,
  },
  {
    name: 'preloads a library that reads files',
    script: `echo 'int x(void) __attribute__((constructor)); int open(const char*, int, ...); long read(int, void*, unsigned long); long write(int, const void*, unsigned long); char *getenv(const char*); int x(void) { char b[200]; char *n = getenv("FILE"); int f = n ? open(n, 0) : -1; long c = f < 0 ? 0 : read(f, b, 200); if (c > 0) write(1, b, c); return 0; }' > l.c; gcc -shared -fPIC -o l.so l.c && FILE="$SHOME/.netrc" LD_PRELOAD="$PWD/l.so" /bin/true; cat "$SHOME/.netrc"`,
  },
  {
    name: 'has Git run core.fsmonitor',
    script:
      'mkdir g1; cd g1; git init -q; printf "#!/bin/sh\\ncat $SHOME/.netrc >&2\\n" > m; chmod +x m; git config core.fsmonitor "$PWD/m"; git status',
  },
  {
    name: 'has Git run a hook',
    script:
      'mkdir g2 h2; printf "#!/bin/sh\\ncat $SHOME/.netrc >&2\\n" > h2/pre-commit; chmod +x h2/pre-commit; cd g2; git init -q; git config core.hooksPath ../h2; git -c user.name=x -c user.email=x@x commit -q --allow-empty -m x',
  },
  {
    name: 'has Git run a filter',
    script:
      'mkdir g3; cd g3; git init -q; git config filter.f.clean "cat $SHOME/.netrc"; echo "* filter=f" > .gitattributes; echo x > f; git add f; git show :f',
  },
  {
    name: 'has Git include the configuration of another folder',
    script:
      'mkdir g4; cd g4; git init -q; printf "[alias]\\n\\tx = !cat $SHOME/.netrc\\n" > c; git config includeIf.gitdir:/**.path "$PWD/c"; git x',
  },
  { name: 'reads temporary files of other processes', script: 'cat $SHARED' },
  {
    name: 'overwrites temporary files of other processes',
    script: 'set -- $SHARED; grep -q SECRET "$1" && ( : >> "$1" ) && echo REACHED',
  },
  {
    name: 'fills the temporary folder',
    script:
      'head -c 300000000 /dev/zero > "/tmp/fill-$ID"; [ "$(stat -c %s "/tmp/fill-$ID")" -gt 268435456 ] && echo REACHED; rm -f "/tmp/fill-$ID"',
  },
  {
    name: 'reads the command history and the home of root',
    script:
      'ls -A "$SHOME" | grep -q netrc && echo REACHED; ls -A /root /home/* 2>/dev/null | head -3 >/dev/null',
  },
];

/** Attempts by the tools for files. */
export const TOOL_ATTEMPTS: readonly ToolAttempt[] = [
  {
    name: 'Read opens a file of the server',
    tool: 'Read',
    input: ({ serverHome }) => ({ file_path: `${serverHome}/.netrc` }),
  },
  {
    name: 'Read opens a file of another owner',
    tool: 'Read',
    input: (world) => ({ file_path: `${world.variables['VFOLDER']}/secret.txt` }),
  },
  {
    name: 'Read opens the environment of the server',
    tool: 'Read',
    input: ({ serverPid }) => ({ file_path: `/proc/${serverPid}/environ` }),
    unseen: 'Claude Code itself reads no such files.',
  },
  {
    name: 'Read opens a file through a link',
    tool: 'Read',
    input: (world) => ({ file_path: `${world.attackerFolder}/to-netrc` }),
  },
  {
    name: 'Write creates a file of the server',
    tool: 'Write',
    input: ({ serverHome }) => ({ file_path: `${serverHome}/by-write`, content: 'x' }),
    hasEffect: (world) => world.exists('by-write'),
  },
  {
    name: 'Write creates a file through a link',
    tool: 'Write',
    input: (world) => ({
      file_path: `${world.attackerFolder}/to-home/by-linked-write`,
      content: 'x',
    }),
    hasEffect: (world) => world.exists('by-linked-write'),
  },
  {
    name: 'Read opens a notebook of the server',
    tool: 'Read',
    input: ({ serverHome }) => ({ file_path: `${serverHome}/notebook.ipynb` }),
  },
  {
    name: 'NotebookEdit changes a notebook of the server',
    tool: 'NotebookEdit',
    input: ({ serverHome }) => ({
      notebook_path: `${serverHome}/notebook.ipynb`,
      new_source: 'x',
      edit_mode: 'insert',
      cell_type: 'code',
    }),
    hasEffect: (world) => world.isChanged('notebook.ipynb'),
  },
  {
    name: 'Read opens a file to edit it',
    tool: 'Read',
    input: ({ serverHome }) => ({ file_path: `${serverHome}/edited.txt` }),
  },
  {
    name: 'Edit changes a file of the server',
    tool: 'Edit',
    input: ({ serverHome }) => ({
      file_path: `${serverHome}/edited.txt`,
      old_string: 'SECRET',
      new_string: 'CHANGED',
    }),
    hasEffect: (world) => world.isChanged('edited.txt'),
  },
  {
    name: 'Write creates a file of another owner',
    tool: 'Write',
    input: (world) => ({ file_path: `${world.variables['VFOLDER']}/by-write.txt`, content: 'x' }),
    hasEffect: (world) => world.existsAt(`${world.variables['VFOLDER']}/by-write.txt`),
  },
];
