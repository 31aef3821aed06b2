using System.Net;
using RawSocketChat.Server.Outgoing;
using RawSocketChat.Server.Webhooks;

namespace RawSocketChat.Tests.Webhooks;

/// <summary>The addresses that may receive webhooks.</summary>
public sealed class AddressRulesTests
{
    private static readonly string[] Public =
    [
        "1.1.1.1", "8.8.8.8", "93.184.216.34", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0",
        "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001:81b::200e", "2003::1", "2001:200::1",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
    ];

    private static readonly string[] NotPublic =
    [
        "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.0.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "100.127.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
        "192.31.196.1", "192.52.193.1", "192.175.48.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1", "4000::1", "2001:2::1", "2001:10::1", "2001:20::1",
        "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "64:ff9b:0:0:0:1::",
        "2002:7f00:1::1", "2002:a00:1::1", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001::1", "2620:4f:8000::1",
    ];

    private static readonly AddressRules Rules = new([], allowHttp: false);

    [TestCaseSource(nameof(Public))]
    public void Public_address_is_allowed_over_https(string address)
    {
        Rules.IsAllowed(IPAddress.Parse(address), isPlaintext: false).Should().BeTrue();
        Rules.IsAllowed(IPAddress.Parse(address), isPlaintext: true).Should().BeFalse();
        new AddressRules([], allowHttp: true).IsAllowed(IPAddress.Parse(address), isPlaintext: true).Should().BeTrue();
    }

    [TestCaseSource(nameof(NotPublic))]
    public void Address_that_is_not_public_is_refused(string address)
    {
        Rules.IsAllowed(IPAddress.Parse(address), isPlaintext: false).Should().BeFalse();
        new AddressRules([], allowHttp: true).IsAllowed(IPAddress.Parse(address), isPlaintext: true).Should().BeFalse();
    }

    [TestCase("10.1.2.0/24", "10.1.2.3", true)]
    [TestCase("10.1.2.0/24", "::ffff:10.1.2.3", true)]
    [TestCase("10.1.2.0/24", "64:ff9b::10.1.2.3", true)]
    [TestCase("10.1.2.0/24", "10.1.3.3", false)]
    [TestCase("127.0.0.0/8", "127.0.0.1", true)]
    [TestCase("127.0.0.0/8", "::1", false)]
    [TestCase("fd00::/8", "fd12:3456::1", true)]
    [TestCase("fd00::/8", "fe80::1", false)]
    public void Address_in_a_network_that_the_operator_allows_is_allowed_over_https_and_http(string network, string address, bool isAllowed)
    {
        var rules = new AddressRules([IPNetwork.Parse(network)], allowHttp: false);
        rules.IsAllowed(IPAddress.Parse(address), isPlaintext: false).Should().Be(isAllowed);
        rules.IsAllowed(IPAddress.Parse(address), isPlaintext: true).Should().Be(isAllowed);
    }
}
