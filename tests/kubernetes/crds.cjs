// Validates objects of other APIs than Kubernetes' own: JSON on standard input, faults on standard output.
const PACKAGES = {
  "argoproj.io": "argo-cd",
  "external-secrets.io": "external-secrets",
  "kustomize.toolkit.fluxcd.io": "flux-cd",
  "monitoring.coreos.com": "prometheus-operator",
  "source.toolkit.fluxcd.io": "flux-cd",
};
const folder = process.argv[2];

const faults = JSON.parse(require("fs").readFileSync(0, "utf-8")).flatMap((object) => {
  const where = `${object.kind} ${object.metadata.name}`;
  const [group, version] = object.apiVersion.split("/");
  const package_ = PACKAGES[group];
  if (!package_) return [`${where}: no schema is known for ${object.apiVersion}`];
  let Model;
  try {
    Model = require(`${folder}/node_modules/@kubernetes-models/${package_}/${group}/${version}/${object.kind}`)[object.kind];
  } catch {
    return [`${where}: ${object.apiVersion} has no such kind`];
  }
  try {
    new Model(object).validate();
    return [];
  } catch (error) {
    return [`${where}: ${error.message}`];
  }
});
console.log(JSON.stringify(faults));
