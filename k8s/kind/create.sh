#!/bin/sh
set -eu

REGISTRY=orderflow-registry
PORT=5000
CLUSTER=orderflow

case ${1:-} in
  '') ;;
  *)
    cat <<HELP
k8s/kind/create.sh

Makes the kind cluster "$CLUSTER" of k8s/kind/cluster.yaml and an image registry beside it on localhost:$PORT, which its
nodes pull from. What is there already stays. Needs docker, kind and kubectl. To take both away:

  kind delete cluster --name $CLUSTER && docker rm -f $REGISTRY
HELP
    [ "$1" = --help ] && exit 0 || exit 64 # EX_USAGE of sysexits.h
    ;;
esac

for program in docker kind kubectl; do
  command -v "$program" >/dev/null || { echo "$program is not on the PATH; install it and run this again." >&2; exit 1; }
done

if ! docker inspect "$REGISTRY" >/dev/null 2>&1; then
  docker run -d --restart unless-stopped -p "127.0.0.1:$PORT:5000" --name "$REGISTRY" registry:2
fi

if ! kind get clusters | grep -qx "$CLUSTER"; then
  kind create cluster --config "$(dirname "$0")/cluster.yaml"
fi

docker network inspect kind --format '{{range .Containers}}{{println .Name}}{{end}}' | grep -qx "$REGISTRY" ||
  docker network connect kind "$REGISTRY"

# In a node localhost is the node itself, so the name has to lead to the registry's container.
for node in $(kind get nodes --name "$CLUSTER"); do
  docker exec -i "$node" sh -c "mkdir -p /etc/containerd/certs.d/localhost:$PORT &&
    cat >/etc/containerd/certs.d/localhost:$PORT/hosts.toml" <<TOML
[host."http://$REGISTRY:5000"]
TOML
done

# Tells Tilt and other tools where to push (KEP-1755).
kubectl --context "kind-$CLUSTER" apply -f - <<YAML
apiVersion: v1
kind: ConfigMap
metadata:
  name: local-registry-hosting
  namespace: kube-public
data:
  localRegistryHosting.v1: |
    host: "localhost:$PORT"
    help: "https://kind.sigs.k8s.io/docs/user/local-registry/"
YAML

echo "Ready. Next: skaffold dev --default-repo localhost:$PORT, or tilt up"
