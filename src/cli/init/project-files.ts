/** A small project: it works as it is, on the machine itself, and shows where things go. */
export const projectFiles: Readonly<Record<string, string>> = {
  'kvmnet.yml': `# Defaults for the flags of kvmnet in this project; "kvmnet play --help" lists them.
inventory: lab
diff: true
`,
  'inventories/lab.yml': `# The hosts. This one is the machine itself; others are reached over SSH:
#   kvm01: { kvmnet_host: 10.0.1.1, kvmnet_user: root }
all:
  children:
    kvm:
      hosts:
        localhost: { kvmnet_connection: local }
      vars:
        greeting: networking by kvmnet
`,
  'site.yml': `- name: First steps
  hosts: kvm
  tasks:
    - name: What is there
      debug: "{{ inventory_hostname }}: Linux {{ facts.kernel.release }}"
    - name: A file that says who looks after this host
      copy:
        dest: /tmp/kvmnet-hello
        content: |
          {{ greeting }}
`,
  'README.md': `# Network of the KVM hosts

    kvmnet play site.yml --check    # what would be changed
    kvmnet play site.yml            # change it
    kvmnet doc                      # what else there is

Hosts are in \`inventories/\`, defaults in \`kvmnet.yml\`, own modules go to \`modules/\`.
`,
};
