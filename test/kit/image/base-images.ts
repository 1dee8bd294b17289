import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The Debian packages of `gcr.io/distroless/cc-debian…`, under their names in Debian 12 and 13. */
const DISTROLESS_PACKAGES = [
  'base-files',
  'ca-certificates',
  'gcc-12-base',
  'gcc-14-base',
  'libc6',
  'libgcc-s1',
  'libgomp1',
  'libssl3',
  'libssl3t64',
  'libstdc++6',
  'libzstd1',
  'media-types',
  'netbase',
  'openssl-provider-legacy',
  'tzdata',
  'zlib1g',
];

/**
 * Fills an empty folder with what stands for an image here, where none can be downloaded: for `node:…` the Node.js of this
 * process, since RUN lines use the machine's shell; for distroless images the files of the machine's Debian packages.
 * @throws for any other image.
 */
export function fillBaseImage(image: string, root: string): void {
  if (/^node:24-\w+-slim$/.test(image)) {
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
    copyFileSync(process.execPath, join(root, 'usr/local/bin/node'));
  } else if (/^gcr\.io\/distroless\/cc-debian\d+:nonroot$/.test(image)) {
    fillDistroless(root);
  } else {
    throw new Error(`Nothing stands for the image ${image}.`);
  }
}

function fillDistroless(root: string): void {
  for (const folder of ['bin', 'lib', 'lib64', 'sbin']) {
    mkdirSync(join(root, 'usr', folder), { recursive: true });
    symlinkSync(join('usr', folder), join(root, folder));
  }
  for (const folder of ['dev', 'etc', 'home/nonroot', 'proc', 'tmp'])
    mkdirSync(join(root, folder), { recursive: true });
  const copy = `
    dpkg-query --show --showformat '\${Package}\\n' "$@" 2>/dev/null | xargs dpkg-query --listfiles |
    while read -r file; do [ -d "$file" ] || echo "$file"; done | grep -v '^/usr/share/\\(doc\\|man\\|lintian\\)/' |
    tar --create --files-from=- --ignore-failed-read 2>/dev/null | tar --extract --keep-directory-symlink --directory "$0"
    cp --parents /etc/ssl/certs/ca-certificates.crt "$0"`;
  execFileSync('sh', ['-c', copy, root, ...DISTROLESS_PACKAGES]);
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0::/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n',
  );
}
