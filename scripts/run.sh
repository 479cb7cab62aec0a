# sh scripts/run.sh PROGRAM [ARGUMENT…]: installs what is missing, then runs a program of this checkout on the Node that
# comes with it. npm runs it in the folder of the checkout.

case $PWD in
*\\* | *'
'*)
  echo "Node cannot load programs from a folder with a backslash or a line break in its name: $PWD. Clone OrderFlow elsewhere." >&2
  exit 1
  ;;
esac

# What is secret is closed to others one by one. The rest others may read, and nobody else write: started by root,
# Postgres runs as another user.
umask 022

# By its path, since a folder with a colon in its name cannot be in PATH.
find_node() {
  node=node_modules/.bin/node
  [ -x "$node" ] || node=node
}

find_node
# Options of another release of Node may be none of this one.
"$node" --version >/dev/null 2>&1 || unset NODE_OPTIONS
"$node" scripts/install.mjs || exit
find_node

# What the environment tells Node (proxies and options among it) and clients of Postgres is about other programs.
for name in $(env | sed -n -e 's/^\(NODE_[A-Za-z0-9_]*\)=.*/\1/p' -e 's/^\(PG[A-Z0-9_]*\)=.*/\1/p'); do
  unset "$name"
done
exec "$node" "$@"
