using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RawSocketChat.Server.Hosting.Tls;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>What is made where no certificate is given.</summary>
public sealed class DevelopmentCertificateTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 4, 0, 0, TimeSpan.Zero);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DropFolder() => _folder.Dispose();

    private string KeptIn => Path.Combine(_folder.Path, DevelopmentCertificate.FileName);

    [Test]
    public void It_is_for_this_machine_and_the_hosts_that_are_bound()
    {
        var certificate = Get("chat.example", "192.0.2.7", "*", "[::]", "0.0.0.0", "+").Certificate;
        foreach (var name in (string[])["localhost", "127.0.0.1", "::1", Environment.MachineName, "chat.example", "192.0.2.7"])
            certificate.MatchesHostname(name, allowWildcards: false, allowCommonName: false).Should().BeTrue($"of {name}");
        certificate.MatchesHostname("0.0.0.0", allowCommonName: false).Should().BeFalse();
        certificate.MatchesHostname("example.org", allowCommonName: false).Should().BeFalse();
    }

    [Test]
    public void It_lasts_for_less_than_what_browsers_take() =>
        (Get().Certificate.NotAfter - Get().Certificate.NotBefore).Should().BeLessThan(TimeSpan.FromDays(398)).And.BeGreaterThan(TimeSpan.FromDays(365));

    [Test]
    [SupportedOSPlatform("linux")]
    public void It_is_kept_where_only_its_owner_can_read_it()
    {
        var first = Get();
        File.GetUnixFileMode(KeptIn).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Get(after: TimeSpan.FromDays(300)).Fingerprint.Should().Be(first.Fingerprint);
        Directory.GetFiles(_folder.Path).Should().ContainSingle("nothing is left of the making");
    }

    [Test]
    public void In_memory_nothing_is_written()
    {
        var first = new DevelopmentCertificate(folder: null, []).Get(Now);
        new DevelopmentCertificate(folder: null, []).Get(Now).Fingerprint.Should().NotBe(first.Fingerprint);
    }

    [Test]
    public void With_less_than_a_month_left_it_is_made_anew()
    {
        var first = Get();
        var second = Get(after: TimeSpan.FromDays(336));
        second.Fingerprint.Should().NotBe(first.Fingerprint);
        second.Expires.Should().Be(Now.AddDays(336 + 365));
        Get(after: TimeSpan.FromDays(337)).Fingerprint.Should().Be(second.Fingerprint, "it is that one that is kept now");
    }

    [Test]
    public void For_another_host_it_is_made_anew_and_for_fewer_it_is_not()
    {
        var first = Get();
        var second = Get("chat.example");
        second.Fingerprint.Should().NotBe(first.Fingerprint);
        Get().Fingerprint.Should().Be(second.Fingerprint);
    }

    [TestCase("")]
    [TestCase("hello")]
    [TestCase("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    [SupportedOSPlatform("linux")]
    public void A_damaged_one_is_made_anew(string content)
    {
        File.WriteAllText(KeptIn, content);
        Get().Certificate.HasPrivateKey.Should().BeTrue();
        File.ReadAllText(KeptIn).Should().Contain("PRIVATE KEY");
        File.GetUnixFileMode(KeptIn).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Test]
    public async Task All_addresses_are_told_and_one_that_stands_for_all_is_told_by_a_name_that_can_be_asked_for()
    {
        var (http, https, raw) = (ServerUnderTest.FreePort(), ServerUnderTest.FreePort(), ServerUnderTest.FreePort());
        await using var server = await ServerProcess.StartAsync(
            "--urls", $"http://*:{http};https://localhost:{https};http://127.0.0.1:{http + 1}", "--RawTcp:Port", $"{raw}", "--Data:Path", _folder.Path);
        server.Lines.Should().HaveCount(4);
        server.Lines[0].Should().Be($"RawSocketChat listens on http://[::]:{http}, https://localhost:{https}, http://127.0.0.1:{http + 1} and tcp://localhost:{raw}");
        server.Lines[2].Should().Contain("development certificate");
        server.Lines[3].Should().Contain($"open http://localhost:{http} in").And.Contain($"nc localhost {raw}");
    }

    [Test]
    public async Task An_https_address_is_all_that_the_start_needs_and_it_says_what_it_shows()
    {
        var port = ServerUnderTest.FreePort();
        await using var server = await ServerProcess.StartAsync("--urls", $"https://localhost:{port}", "--RawTcp:Port", "0", "--Data:Path", _folder.Path);
        server.Lines.Should().HaveCount(4);
        server.Lines[0].Should().Be($"RawSocketChat listens on https://localhost:{port}");
        using var kept = X509Certificate2.CreateFromPemFile(KeptIn);
        server.Lines[2].Should().Contain("development certificate").And.Contain(Convert.ToHexString(kept.GetCertHash(HashAlgorithmName.SHA256))).And.Contain("--Tls:Certificate");
        server.Lines[3].Should().Contain($"open https://localhost:{port}").And.Contain($"npx wscat --no-check -c 'wss://localhost:{port}/ws?name=ann&room=lobby'");
        (await server.TerminateAsync()).Should().Be(0);
    }

    [Test]
    public async Task With_a_certificate_of_its_own_the_start_says_nothing_of_it()
    {
        using var key = TestCertificates.NewKey();
        using var certificate = TestCertificates.Make(key);
        var file = Path.Combine(_folder.Path, "c.pem");
        await File.WriteAllTextAsync(file, certificate.ExportCertificatePem() + "\n" + TestCertificates.PemOf(key));
        var port = ServerUnderTest.FreePort();
        await using var server = await ServerProcess.StartAsync("--urls", $"https://127.0.0.1:{port}", "--RawTcp:Port", "0", "--Tls:Certificate", file);
        server.Lines.Should().HaveCount(3);
        server.Lines[2].Should().Contain($"npx wscat -c 'wss://127.0.0.1:{port}/ws");
    }

    private ServedCertificate Get(params string[] hosts) => Get(TimeSpan.Zero, hosts);

    private ServedCertificate Get(TimeSpan after, params string[] hosts) => new DevelopmentCertificate(_folder.Path, hosts).Get(Now + after);
}
