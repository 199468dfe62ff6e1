import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileIs, learntNothing } from './expect.js';
import type { SandboxCases } from './sandbox-case.js';

/** Attempts to reach files of the server and of other sessions. */
export const fileCases: SandboxCases = [
  [
    'a file of the server cannot be read',
    async (world) => {
      const script =
        'cat "$SERVER/secret" "$SESSION/../server/secret"; cd "$SESSION"; cat ../server/secret; echo end';
      learntNothing(world, await world.shell(script));
    },
  ],
  [
    'the folder of another session cannot be listed or read',
    async (world) => {
      const script = 'ls -la "$OTHER"; cat "$OTHER"/*; cd "$OTHER" && ls && cat secret; echo end';
      learntNothing(world, await world.shell(script));
    },
  ],
  [
    'nothing outside the folders can be created, changed or removed',
    async (world) => {
      const script = `
        for folder in "$SERVER" "$OTHER" "$SESSION/.." "$SESSION/../server"; do
          mkdir -p "$folder"; echo changed > "$folder/created"; echo changed > "$folder/secret"
          mv "$SESSION/own" "$folder/created"; touch "$folder/created"; rm -rf "$folder/secret"
        done; echo end`;
      learntNothing(world, await world.shell(script));
      await fileIs(join(world.server, 'secret'), world.secret);
      await fileIs(join(world.other, 'secret'), world.secret);
      await fileIs(join(world.server, 'created'), null);
      await fileIs(join(world.folder, 'created'), null);
    },
  ],
  [
    'a symbolic link that a program makes leads to nothing outside',
    async (world) => {
      const script = `
        cd "$SESSION"; ln -s "$SERVER/secret" file; ln -s "$SERVER" folder; ln -s ../.. up
        cat file folder/secret up/*/server/secret
        echo changed > folder/created; echo changed > file; echo end`;
      learntNothing(world, await world.shell(script));
      await fileIs(join(world.server, 'secret'), world.secret);
      await fileIs(join(world.server, 'created'), null);
    },
  ],
  [
    'a symbolic link that was in the folder leads to nothing outside',
    async (world) => {
      await symlink(join(world.server, 'secret'), join(world.session, 'file'));
      await symlink(world.server, join(world.session, 'folder'));
      const script = 'cat file folder/secret; echo changed > folder/created; echo end';
      learntNothing(world, await world.shell(script));
      await fileIs(join(world.server, 'created'), null);
    },
  ],
  [
    'a hard link cannot be made to a file outside',
    async (world) => {
      const script =
        'ln "$SERVER/secret" own; ln "$OTHER/secret" own; cat own; echo changed > own; echo end';
      learntNothing(world, await world.shell(script));
      await fileIs(join(world.server, 'secret'), world.secret);
    },
  ],
  [
    'a given folder cannot be changed, also not by a hard link to its files',
    async (world) => {
      const script = `
        cd "$GIVEN"; echo changed > file; echo changed > created; chmod 777 file .; mv file moved
        rm -f file; touch created; cd "$SESSION"; ln "$GIVEN/file" own && echo changed > own
        mv "$GIVEN" "$SESSION/moved"; echo end`;
      learntNothing(world, await world.shell(script));
      await fileIs(join(world.given, 'file'), 'given');
      await fileIs(join(world.given, 'created'), null);
    },
  ],
  [
    'a hidden folder is empty, and nothing can be written into it',
    async (world) => {
      const script =
        'cat "$HIDDEN/secret"; cat "$HIDDEN"/*; echo changed > "$HIDDEN/created"; echo end';
      learntNothing(world, await world.shell(script));
      await fileIs(join(world.hidden, 'created'), null);
    },
  ],
  [
    'a hidden folder stays empty when the folder around it is renamed, copied or linked',
    async (world) => {
      const script = `
        cd "$SESSION"; ln -s around/hidden link; cat link/secret; cp -a around copied; cat copied/hidden/secret
        tar cf - around | tar xOf -; mv around/hidden elsewhere; cat elsewhere/secret
        mv around renamed; cat renamed/hidden/secret renamed/hidden/*; rm -rf renamed around; echo end`;
      learntNothing(world, await world.shell(script));
      await fileIs(join(world.hidden, 'secret'), world.secret).catch(() =>
        // The folder around it may be renamed.
        fileIs(join(world.session, 'renamed', 'hidden', 'secret'), world.secret),
      );
    },
  ],
  [
    'nothing can be mounted that reveals a hidden folder or makes a given one writable',
    async (world) => {
      const script = `
        cat > try <<'TRY'
          umount "$HIDDEN"; umount -l "$HIDDEN"; cat "$HIDDEN/secret"
          mount -o remount,bind,rw "$GIVEN"; mount --bind "$GIVEN" "$GIVEN"; echo changed > "$GIVEN/file"
          mkdir -p mounted; mount --bind "$OTHER" mounted; cat mounted/secret
          mount --rbind / mounted; cat "mounted$SERVER/secret"; mount -t proc proc mounted; cat mounted/1/environ
TRY
        unshare -m sh ./try; unshare -Urm sh ./try; unshare -Urmpf sh ./try; echo end`;
      learntNothing(world, await world.shell(script));
      await fileIs(join(world.given, 'file'), 'given');
    },
  ],
  [
    'a program gains no root directory from which the files of the server can be reached',
    async (world) => {
      const script = `
        cat > try <<'TRY'
          mkdir -p root; cd root
          for i in 1 2 3 4 5 6 7 8 9; do cd ..; done; cat ".$SERVER/secret"
          chroot "$SESSION/.." /bin/sh -c 'cat /server/secret'; pivot_root . root; cat "$SERVER/secret"
TRY
        sh ./try; unshare -r sh ./try; unshare -Urm sh ./try; echo end`;
      learntNothing(world, await world.shell(script));
    },
  ],
  [
    'the files of the server in /tmp and /dev/shm cannot be read',
    async (world) => {
      const name = `sandbox-case-${world.id}`;
      const folders = ['/tmp', '/var/tmp', '/dev/shm'];
      await Promise.all(
        folders.map(async (folder) => {
          const file = join(folder, name);
          world.onEnd(() => rm(file, { force: true }));
          // A system without this folder has nothing to read there.
          await writeFile(file, world.secret).catch(() => undefined);
        }),
      );
      const files = folders.map((folder) => join(folder, name));
      const script = 'for file; do cat "$file"; echo changed > "$file"; done; ls /tmp; echo end';
      learntNothing(world, await world.shell(script, { args: files }));
      await fileIs(join('/tmp', name), world.secret);
    },
  ],
  [
    'the home of the user of the server cannot be read',
    async (world) => {
      const home = join(world.server, 'home');
      await mkdir(home);
      await writeFile(join(home, '.netrc'), world.secret);
      const script =
        'cat ~/.netrc ~/../server/home/.netrc; cat "$1/.netrc"; cat "$(dirname "$1")/home/.netrc"; echo end';
      learntNothing(world, await world.shell(script, { args: [home] }));
    },
  ],
];
