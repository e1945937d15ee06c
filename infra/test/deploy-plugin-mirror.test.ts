import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  chooseMirror,
  holdsBuild,
  impliedMirrors,
  mirrorConfiguration,
  mirrorsBelow,
  platformOf,
} from '../src/deploy/plugin-mirror.ts';

const build = { version: '5.100.0', platform: 'linux_amd64' };
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plugin-mirror-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A mirror with the unpacked provider, as `terraform init -plugin-dir` takes it. */
function mirror(path: string, { version, platform } = build): string {
  const folder = join(root, path);
  mkdirSync(join(folder, 'registry.terraform.io/hashicorp/aws', version, platform), { recursive: true });
  return folder;
}

test.each([
  ['linux', 'x64', 'linux_amd64'],
  ['darwin', 'arm64', 'darwin_arm64'],
  ['win32', 'x64', 'windows_amd64'],
])('Terraform calls %s on %s %s', (os, architecture, platform) => {
  expect(platformOf(os, architecture)).toBe(platform);
});

describe('a mirror holds the provider', () => {
  test('unpacked', () => {
    expect(holdsBuild(mirror('plugins'), build)).toBe(true);
  });

  test('as the zip that it came in', () => {
    const zip = join(
      root,
      'registry.terraform.io/hashicorp/aws/terraform-provider-aws_5.100.0_linux_amd64.zip',
    );
    mkdirSync(dirname(zip), { recursive: true });
    writeFileSync(zip, '');
    expect(holdsBuild(root, build)).toBe(true);
  });

  test.each([
    ['in another version', { ...build, version: '5.99.0' }],
    ['for another platform', { ...build, platform: 'darwin_arm64' }],
  ])('not %s', (_, other) => {
    expect(holdsBuild(mirror('plugins', other), build)).toBe(false);
  });
});

describe('below a folder, mirrors', () => {
  test('are found one and two levels down, nearest first', () => {
    const [far, near] = [mirror('a/plugins'), mirror('terraform')];
    expect(mirrorsBelow([root])).toEqual([near, far]);
  });

  test('are not looked for further down', () => {
    mirror('a/b/plugins');
    expect(mirrorsBelow([root])).toEqual([]);
  });

  test('may be links', () => {
    mirror('a/b/plugins');
    symlinkSync(join(root, 'a/b/plugins'), join(root, 'plugins'));
    expect(mirrorsBelow([root])).toEqual([join(root, 'plugins')]);
  });

  test('are not missed for a folder that is not there', () => {
    const found = mirror('plugins');
    expect(mirrorsBelow([join(root, 'nothing'), root])).toEqual([found]);
  });
});

describe('Terraform is told of', () => {
  const choose = (env: Record<string, string>, ...candidates: string[]) =>
    chooseMirror(build, { env: { XDG_DATA_DIRS: root, ...env }, home: root }, () => candidates);

  test('the first mirror that has the provider', () => {
    const other = mirror('other', { ...build, version: '4.0.0' });
    expect(choose({}, other, mirror('first'), mirror('second'))).toBe(join(root, 'first'));
  });

  test('no mirror where there is none, so that the registry answers', () => {
    expect(choose({})).toBeNull();
  });

  test('the mirror that TF_PLUGIN_MIRROR names before all others', () => {
    const named = mirror('named');
    expect(choose({ TF_PLUGIN_MIRROR: named }, mirror('first'))).toBe(named);
  });

  test('a mistake in TF_PLUGIN_MIRROR, instead of falling back to another', () => {
    expect(() => choose({ TF_PLUGIN_MIRROR: '/nowhere' }, mirror('first'))).toThrow(
      'TF_PLUGIN_MIRROR is /nowhere, which has no registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64.',
    );
  });

  test('nothing if it finds the provider by itself', () => {
    mirror('.terraform.d/plugins');
    expect(choose({}, mirror('first'))).toBeNull();
  });

  test.each(['TF_CLI_CONFIG_FILE', 'TERRAFORM_CONFIG'])('nothing if %s names a configuration', (variable) => {
    const file = join(root, 'my.tfrc');
    writeFileSync(file, '');
    expect(choose({ [variable]: file }, mirror('first'))).toBeNull();
  });

  test('nothing if the person has a configuration in the usual place', () => {
    writeFileSync(join(root, '.terraformrc'), '');
    expect(choose({}, mirror('first'))).toBeNull();
  });

  test('the mirror if TF_CLI_CONFIG_FILE names a file that is not there', () => {
    const first = mirror('first');
    expect(choose({ TF_CLI_CONFIG_FILE: join(root, 'nothing.tfrc') }, first)).toBe(first);
  });
});

test("Terraform's own folders follow the XDG variables", () => {
  const folders = impliedMirrors({
    env: { XDG_DATA_HOME: '/data', XDG_DATA_DIRS: '/a:/b' },
    home: '/home/me',
  });
  expect(folders).toEqual(
    expect.arrayContaining([
      '/home/me/.terraform.d/plugins',
      '/data/terraform/plugins',
      '/a/terraform/plugins',
      '/b/terraform/plugins',
    ]),
  );
});

test('the configuration takes the provider from the mirror alone, and others from where they come from', () => {
  expect(mirrorConfiguration('/srv/my "plugins"')).toBe(`provider_installation {
  filesystem_mirror {
    path    = "/srv/my \\"plugins\\""
    include = ["registry.terraform.io/hashicorp/aws"]
  }
  direct {
    exclude = ["registry.terraform.io/hashicorp/aws"]
  }
}
`);
});
