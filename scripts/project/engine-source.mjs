// Where a new project takes the engine from.
import { step, Stop } from '../support/log.mjs';
import { gitUrl } from './dependency.mjs';
import { tagsOf } from './git-tags.mjs';

/**
 * The source that the options name. By default it is the tag of this version in the repository that this clone comes from. Where there
 * is none, it is this clone, so that a project can be made before the version is published, and without a network.
 * @param {{git?: string, tag?: string, path?: boolean}} named
 * @param {{here: string, origin?: string, version: string}} clone `here`: its path, as the project sees it
 * @returns {Promise<{git: string, tag: string} | {path: string}>}
 */
export async function engineSource(named, { here, origin, version }) {
  if (named.path) return { path: here };
  const address = named.git ?? origin;
  const tag = named.tag ?? `v${version}`;
  if (named.git || named.tag) return tagged(address, tag);
  try {
    return await tagged(address, tag);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    const reason = origin ? error.message.split(/[:.]?\n|[:.] /)[0] : 'this clone has no remote `origin`';
    step(`The engine of the project is this folder, because ${reason}`);
    return { path: here };
  }
}

async function tagged(address, tag) {
  if (!address) throw new Stop('It is not known where the repository of the engine is: name it with --git URL, or use this folder with --path.');
  const url = gitUrl(address.replace(/^git\+/, ''));
  const tags = await tagsOf(url);
  if (!tags.includes(tag)) {
    throw new Stop(`${url} has no tag ${tag}. ${tags.length > 0 ? `It has ${tags.slice(-5).join(', ')}: choose one with --tag.` : 'Use this folder with --path, or tag a version there first.'}`);
  }
  return { git: url, tag };
}
