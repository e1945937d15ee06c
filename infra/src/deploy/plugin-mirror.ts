import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DeployError } from './deploy-error.ts';

// Where the registry cannot be reached, providers lie in a "filesystem mirror". Terraform looks by itself only into a few
// folders: https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories

const registry = 'registry.terraform.io';
const source = `${registry}/hashicorp/aws`;

/** The one build of hashicorp/aws that is needed. */
export interface ProviderBuild {
  /** `5.100.0` */
  readonly version: string;
  /** `linux_amd64` */
  readonly platform: string;
}

/** Terraform's name of a platform, from Node's. */
export const platformOf = (os: string, architecture: string): string =>
  `${os === 'win32' ? 'windows' : os}_${architecture === 'x64' ? 'amd64' : architecture}`;

/** Whether a folder is a mirror that has the build, unpacked or as the zip that it came in. */
export const holdsBuild = (folder: string, { version, platform }: ProviderBuild): boolean =>
  existsSync(join(folder, source, version, platform)) ||
  existsSync(join(folder, source, `terraform-provider-aws_${version}_${platform}.zip`));

/** The mirrors, of whatever providers, one or two levels below folders; what cannot be read is no mirror. */
export const mirrorsBelow = (folders: readonly string[]): string[] => {
  const children = folders.flatMap(subfolders);
  return [...children, ...children.flatMap(subfolders)].filter((folder) =>
    existsSync(join(folder, registry)),
  );
};

const subfolders = (folder: string): string[] => {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => join(folder, entry.name))
      .sort();
  } catch {
    return [];
  }
};

/** Of whom Terraform is run for. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** The folders that Terraform looks into by itself, on every platform that it runs on. */
export const impliedMirrors = ({ env, home }: Surroundings): string[] => [
  join(home, '.terraform.d', 'plugins'),
  join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'terraform', 'plugins'),
  ...(env.XDG_DATA_DIRS || '/usr/local/share:/usr/share')
    .split(':')
    .map((folder) => join(folder, 'terraform', 'plugins')),
  join(home, 'Library', 'Application Support', 'io.terraform', 'plugins'),
  '/Library/Application Support/io.terraform/plugins',
  ...(env.APPDATA ? [join(env.APPDATA, 'HashiCorp', 'Terraform', 'plugins')] : []),
];

/** Where administrators and image builders put what is not part of a distribution. */
export const usualPrefixes = ({ home }: Pick<Surroundings, 'home'>): string[] => [
  '/opt',
  '/usr/local/share',
  '/usr/local',
  '/usr/share',
  '/srv',
  join(home, '.local', 'share'),
  // Not the home folder itself: macOS asks its user before a program may list their documents.
  join(home, '.terraform.d'),
];

/** Terraform's own configuration of the person, which ours would replace; null if they have none. */
export const userConfiguration = ({ env, home }: Surroundings): string | null => {
  const named = env.TF_CLI_CONFIG_FILE || env.TERRAFORM_CONFIG;
  const file = named || (env.APPDATA ? join(env.APPDATA, 'terraform.rc') : join(home, '.terraformrc'));
  return existsSync(file) ? file : null;
};

/**
 * The mirror that Terraform has to be told of. Null where it needs no word from us: it finds the build by itself, the
 * person has a configuration of their own, or there is no mirror and the registry answers.
 *
 * @param candidates in order of preference, as `mirrorsBelow` finds them
 * @throws DeployError if TF_PLUGIN_MIRROR names a folder without the build
 */
export const chooseMirror = (
  build: ProviderBuild,
  surroundings: Surroundings,
  candidates: () => readonly string[],
): string | null => {
  const wanted = surroundings.env.TF_PLUGIN_MIRROR;
  if (wanted) {
    if (holdsBuild(wanted, build)) return wanted;
    throw new DeployError(
      `TF_PLUGIN_MIRROR is ${wanted}, which has no ${join(source, build.version, build.platform)}.`,
    );
  }
  if (userConfiguration(surroundings) !== null) return null;
  if (impliedMirrors(surroundings).some((folder) => holdsBuild(folder, build))) return null;
  return candidates().find((folder) => holdsBuild(folder, build)) ?? null;
};

/** A configuration of Terraform's command line that takes hashicorp/aws from a mirror and asks nobody else for it. */
export const mirrorConfiguration = (mirror: string): string => `provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(mirror)}
    include = ["${source}"]
  }
  direct {
    exclude = ["${source}"]
  }
}
`;
