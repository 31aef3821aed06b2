using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RawSocketChat.Server.Hosting.Tls;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>The certificate that the server creates if the settings name no certificate.</summary>
[Category(Categories.Slow)] // creates certificates
[Parallelizable(ParallelScope.Self)]
public sealed class DevelopmentCertificateTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 4, 0, 0, TimeSpan.Zero);
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    private string CertificateFile => Path.Combine(_folder.Path, DevelopmentCertificate.FileName);

    [Test]
    public void Certificate_covers_this_machine_and_the_bound_hosts()
    {
        var certificate = Get("chat.example", "192.0.2.7", "*", "[::]", "0.0.0.0", "+").Certificate;
        foreach (var name in (string[])["localhost", "127.0.0.1", "::1", Environment.MachineName, "chat.example", "192.0.2.7"])
            certificate.MatchesHostname(name, allowWildcards: false, allowCommonName: false).Should().BeTrue($"the certificate covers {name}");
        certificate.MatchesHostname("0.0.0.0", allowCommonName: false).Should().BeFalse();
        certificate.MatchesHostname("example.org", allowCommonName: false).Should().BeFalse();
    }

    [Test]
    public void Certificate_lifetime_is_shorter_than_the_maximum_that_browsers_accept() =>
        (Get().Certificate.NotAfter - Get().Certificate.NotBefore).Should().BeLessThan(TimeSpan.FromDays(398)).And.BeGreaterThan(TimeSpan.FromDays(365));

    [Test]
    [SupportedOSPlatform("linux")]
    public void Certificate_is_stored_and_only_its_owner_can_read_it()
    {
        var first = Get();
        File.GetUnixFileMode(CertificateFile).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Get(after: TimeSpan.FromDays(300)).Fingerprint.Should().Be(first.Fingerprint);
        Directory.GetFiles(_folder.Path).Should().ContainSingle("no temporary file is left");
    }

    [Test]
    public void Certificate_is_not_stored_without_a_folder()
    {
        var first = new DevelopmentCertificate(folder: null, []).Get(Now);
        new DevelopmentCertificate(folder: null, []).Get(Now).Fingerprint.Should().NotBe(first.Fingerprint);
    }

    [Test]
    public void Certificate_is_replaced_when_less_than_a_month_is_left()
    {
        var first = Get();
        var second = Get(after: TimeSpan.FromDays(336));
        second.Fingerprint.Should().NotBe(first.Fingerprint);
        second.Expires.Should().Be(Now.AddDays(336 + 365));
        Get(after: TimeSpan.FromDays(337)).Fingerprint.Should().Be(second.Fingerprint, "the second certificate is stored now");
    }

    [Test]
    public void Certificate_is_replaced_for_a_new_host_but_not_for_fewer_hosts()
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
    public void Damaged_certificate_file_is_replaced(string content)
    {
        File.WriteAllText(CertificateFile, content);
        Get().Certificate.HasPrivateKey.Should().BeTrue();
        File.ReadAllText(CertificateFile).Should().Contain("PRIVATE KEY");
        File.GetUnixFileMode(CertificateFile).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Test]
    public async Task Server_prints_all_addresses_and_uses_localhost_in_the_hint_for_a_wildcard_address()
    {
        var (http, https, local, raw) = (ServerUnderTest.FindFreePort(), ServerUnderTest.FindFreePort(), ServerUnderTest.FindFreePort(), ServerUnderTest.FindFreePort());
        await using var server = await ServerProcess.StartAsync(
            "--urls", $"http://*:{http};https://localhost:{https};http://127.0.0.1:{local}", "--RawTcp:Port", $"{raw}", "--Data:Path", _folder.Path);
        server.Lines.Should().HaveCount(4);
        server.Lines[0].Should().Be($"RawSocketChat listens on http://[::]:{http}, https://localhost:{https}, http://127.0.0.1:{local} and tcp://localhost:{raw} (without TLS, the server rejects other machines; to allow them: --Plaintext:Allowed true)");
        server.Lines[2].Should().Contain("development certificate");
        server.Lines[3].Should().Contain($"open http://localhost:{http} in").And.Contain($"nc localhost {raw}");
    }

    [Test]
    public async Task Server_with_an_https_address_creates_a_certificate_and_prints_its_fingerprint()
    {
        var port = ServerUnderTest.FindFreePort();
        await using var server = await ServerProcess.StartAsync("--urls", $"https://localhost:{port}", "--RawTcp:Port", "0", "--Data:Path", _folder.Path);
        server.Lines.Should().HaveCount(4);
        server.Lines[0].Should().Be($"RawSocketChat listens on https://localhost:{port}");
        using var stored = X509Certificate2.CreateFromPemFile(CertificateFile);
        server.Lines[2].Should().Contain("development certificate").And.Contain(Convert.ToHexString(stored.GetCertHash(HashAlgorithmName.SHA256))).And.Contain("--Tls:Certificate");
        server.Lines[3].Should().Contain($"open https://localhost:{port}").And.Contain($"npx wscat --no-check -c 'wss://localhost:{port}/ws?name=ann&room=lobby'");
        (await server.TerminateAsync()).Should().Be(0);
    }

    [Test]
    public async Task Server_with_a_certificate_in_its_settings_prints_no_fingerprint()
    {
        using var key = TestCertificates.CreateKey();
        using var certificate = TestCertificates.Create(key);
        var file = Path.Combine(_folder.Path, "c.pem");
        await File.WriteAllTextAsync(file, certificate.ExportCertificatePem() + "\n" + TestCertificates.ToPem(key));
        var port = ServerUnderTest.FindFreePort();
        await using var server = await ServerProcess.StartAsync("--urls", $"https://127.0.0.1:{port}", "--RawTcp:Port", "0", "--Tls:Certificate", file);
        server.Lines.Should().HaveCount(3);
        server.Lines[2].Should().Contain($"npx wscat -c 'wss://127.0.0.1:{port}/ws");
    }

    private ServedCertificate Get(params string[] hosts) => Get(TimeSpan.Zero, hosts);

    private ServedCertificate Get(TimeSpan after, params string[] hosts) => new DevelopmentCertificate(_folder.Path, hosts).Get(Now + after);
}
