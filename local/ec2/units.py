"""The units of systemd by which a container is an instance of EC2."""

SOCKETS = "/embedded-aws"
"""Where a machine has the sockets of link_local.py."""
TUNNEL = 18787
"""The port that is published, in the place of Session Manager's tunnel to RStudio."""
_RSTUDIO = 8787
_PROXY = "/usr/lib/systemd/systemd-socket-proxyd"


def files(gateway_port: int) -> dict[str, str]:
    """Return the files of a machine, by their path without the leading slash."""
    endpoint = f"http://127.0.0.1:{gateway_port}"
    # for services, for shells, and for sessions of RStudio by PAM
    environment = {
        "AWS_ENDPOINT_URL": endpoint,
        "REQUESTS_CA_BUNDLE": "/etc/ssl/certs/ca-certificates.crt",
    }
    assignments = [f"{name}={value}" for name, value in environment.items()]
    quoted = " ".join(f'"{assignment}"' for assignment in assignments)
    units = {
        **_forward("gateway", f"127.0.0.1:{gateway_port}", f"{SOCKETS}/gateway"),
        **_forward("metadata", "169.254.169.254:80", f"{SOCKETS}/metadata"),
        **_forward("https", "127.0.0.1:443", f"{SOCKETS}/https"),
        **_forward("tunnel", f"0.0.0.0:{TUNNEL}", f"127.0.0.1:{_RSTUDIO}"),
        "embedded-aws.service": _LINK_LOCAL,
        "user-data.service": _USER_DATA,
    }
    enabled = ("embedded-aws.service", "user-data.service")
    sockets = [name for name in units if name.endswith(".socket")]
    return {
        "etc/environment": "".join(f"{assignment}\n" for assignment in assignments),
        "etc/systemd/system.conf.d/embedded-aws.conf": f"[Manager]\nDefaultEnvironment={quoted}\n",
        **{f"etc/systemd/system/{name}": text for name, text in units.items()},
        "etc/systemd/system/multi-user.target.d/embedded-aws.conf": (
            f"[Unit]\nWants={' '.join((*enabled, *sockets))}\n"
        ),
    }


def _forward(name: str, listen: str, target: str) -> dict[str, str]:
    return {
        f"{name}.socket": f"""[Unit]
After=embedded-aws.service
Requires=embedded-aws.service

[Socket]
ListenStream={listen}
""",
        f"{name}.service": f"[Service]\nExecStart={_PROXY} {target}\n",
    }


_LINK_LOCAL = """[Unit]
DefaultDependencies=no
After=local-fs.target systemd-tmpfiles-setup.service
Before=sockets.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/ip address replace 169.254.169.254/32 dev lo
ExecStart=/usr/sbin/update-ca-certificates
"""
# as cloud-init: once in an instance's life, when the network is there
_USER_DATA = """[Unit]
After=gateway.socket metadata.socket https.socket network-online.target
Requires=gateway.socket metadata.socket https.socket
ConditionPathExists=!/var/lib/cloud/instance/done

[Service]
Type=oneshot
ExecStart=/var/lib/cloud/instance/user-data.txt
ExecStopPost=/usr/bin/touch /var/lib/cloud/instance/done
TimeoutStartSec=infinity
StandardOutput=append:/var/log/cloud-init-output.log
StandardError=inherit
"""
