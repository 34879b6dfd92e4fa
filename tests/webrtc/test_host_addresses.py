"""Only addresses that a phone can reach are offered."""

import ifaddr

from relay.webrtc.host_addresses import bind_plan, lan_addresses, own_addresses


def adapter(name: str, *ips: str) -> ifaddr.Adapter:
    return ifaddr.Adapter(
        name,
        name,
        [ifaddr.IP((ip, 0, 2) if ":" in ip else ip, 24, name) for ip in ips],
    )


def test_lan_addresses_are_kept_and_ipv4_comes_first() -> None:
    """Real interfaces, bridges of the owner included, are offered."""
    adapters = [
        adapter("lo", "127.0.0.1", "::1"),
        adapter("wlan0", "fd00::7", "192.168.1.7", "fe80::1"),
        adapter("br0", "10.0.0.2"),
    ]
    assert lan_addresses(adapters) == ["10.0.0.2", "192.168.1.7", "fd00::7"]


def test_containers_tunnels_and_link_local_addresses_are_left_out() -> None:
    """Docker, VPN and automatic addresses lead nowhere or out of the house."""
    adapters = [
        adapter("docker0", "172.17.0.1"),
        adapter("br-12ab", "172.18.0.1"),
        adapter("hassio", "172.30.32.1"),
        adapter("tailscale0", "100.64.0.1"),
        adapter("wg0", "10.9.0.1"),
        adapter("eth0", "169.254.3.4", "192.168.1.5"),
    ]
    assert lan_addresses(adapters) == ["192.168.1.5"]


def test_without_a_network_this_machine_still_hears_itself() -> None:
    """A laptop in the train can be tried out alone."""
    assert lan_addresses([adapter("lo", "127.0.0.1")]) == ["127.0.0.1"]


def test_each_own_address_gets_a_socket_of_its_own() -> None:
    """Replies leave from the address that was asked."""
    own = {"192.168.1.5", "10.0.0.2", "fd00::7"}
    assert bind_plan(["192.168.1.5", "fd00::7"], own) == [
        ("192.168.1.5", ["192.168.1.5"]),
        ("fd00::7", ["fd00::7"]),
    ]


def test_foreign_addresses_share_a_socket_bound_to_everything() -> None:
    """Behind a port mapping the address that clients use is not ours."""
    assert bind_plan(["203.0.113.9", "192.168.9.9"], {"172.17.0.5"}) == [
        ("0.0.0.0", ["203.0.113.9", "192.168.9.9"])
    ]


def test_the_real_interfaces_can_be_listed() -> None:
    """On this machine there is at least the loopback."""
    assert "127.0.0.1" in own_addresses()
    assert lan_addresses()
