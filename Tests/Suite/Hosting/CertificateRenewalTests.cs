using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>A running server uses a renewed certificate.</summary>
[Category(Categories.Slow)] // creates certificates
[Parallelizable(ParallelScope.Self)]
public sealed class CertificateRenewalTests
{
    private FakeTimeProvider _time = null!;
    private TemporaryFolder _folder = null!;
    private string _certificateFile = null!;
    private string _keyFile = null!;

    [SetUp]
    public void CreateFolder()
    {
        _time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        _folder = new TemporaryFolder();
        _certificateFile = Path.Combine(_folder.Path, "c.pem");
        _keyFile = Path.Combine(_folder.Path, "k.pem");
    }

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public async Task Server_uses_a_replaced_certificate_after_a_minute_and_keeps_open_connections()
    {
        var first = ReplaceFiles();
        await using var server = await StartAsync("--Tls:Certificate", _certificateFile, "--Tls:Key", _keyFile, "--Connections:PingSeconds", "3600");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby", tls: first);

        var second = ReplaceFiles();
        _time.Advance(TimeSpan.FromSeconds(59));
        (await GetThumbprintAsync(server)).Should().Be(first.Thumbprint, "less than a minute has passed, and the server checks the files once a minute");
        _time.Advance(TimeSpan.FromSeconds(1));
        (await GetThumbprintAsync(server)).Should().Be(second.Thumbprint);

        await ann.SayAsync("still here");
        ann.Closed.IsCompleted.Should().BeFalse();
    }

    [Test]
    public async Task Server_follows_a_changed_symbolic_link()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "live"));
        var (certificateLink, keyLink) = (Path.Combine(_folder.Path, "live", "fullchain.pem"), Path.Combine(_folder.Path, "live", "privkey.pem"));
        ReplaceFiles();
        File.CreateSymbolicLink(certificateLink, _certificateFile);
        File.CreateSymbolicLink(keyLink, _keyFile);
        await using var server = await StartAsync("--Tls:Certificate", certificateLink, "--Tls:Key", keyLink);

        (_certificateFile, _keyFile) = (_certificateFile + "2", _keyFile + "2");
        var second = ReplaceFiles();
        foreach (var (link, target) in new[] { (certificateLink, _certificateFile), (keyLink, _keyFile) })
        {
            File.Delete(link);
            File.CreateSymbolicLink(link, target);
        }

        _time.Advance(TimeSpan.FromMinutes(1));
        (await GetThumbprintAsync(server)).Should().Be(second.Thumbprint);
    }

    [Test]
    public async Task Server_keeps_the_old_certificate_while_certificate_and_key_do_not_match()
    {
        var first = ReplaceFiles();
        await using var server = await StartAsync("--Tls:Certificate", _certificateFile, "--Tls:Key", _keyFile);
        var oldKey = await File.ReadAllTextAsync(_keyFile);
        var second = ReplaceFiles();
        var newKey = await File.ReadAllTextAsync(_keyFile);
        await File.WriteAllTextAsync(_keyFile, oldKey);
        _time.Advance(TimeSpan.FromMinutes(1));
        (await GetThumbprintAsync(server)).Should().Be(first.Thumbprint);

        File.Delete(_keyFile);
        _time.Advance(TimeSpan.FromMinutes(1));
        (await GetThumbprintAsync(server)).Should().Be(first.Thumbprint);

        await File.WriteAllTextAsync(_keyFile, newKey);
        _time.Advance(TimeSpan.FromMinutes(1));
        (await GetThumbprintAsync(server)).Should().Be(second.Thumbprint);
    }

    [Test]
    public async Task Server_replaces_its_development_certificate_a_month_before_it_expires()
    {
        await using var server = await StartAsync("--Data:Durability", "none");
        var first = await GetThumbprintAsync(server);
        _time.Advance(TimeSpan.FromDays(334));
        (await GetThumbprintAsync(server)).Should().Be(first);
        _time.Advance(TimeSpan.FromDays(2));
        var second = await GetThumbprintAsync(server);
        second.Should().NotBe(first);
        _time.Advance(TimeSpan.FromDays(10));
        (await GetThumbprintAsync(server)).Should().Be(second);
    }

    private Task<ServerUnderTest> StartAsync(params string[] settings) =>
        ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(_time), ["--urls", "https://127.0.0.1:0", .. settings]);

    private X509Certificate2 ReplaceFiles()
    {
        using var key = TestCertificates.CreateKey();
        var certificate = TestCertificates.Create(key);
        File.WriteAllText(_certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(_keyFile, TestCertificates.ToPem(key));
        return certificate;
    }

    /// <summary>Gets the thumbprint of the certificate that a new connection gets.</summary>
    private static async Task<string> GetThumbprintAsync(ServerUnderTest server)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", server.HttpPort);
        await using var tls = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false, (_, shown, _, _) => shown is not null);
        await tls.AuthenticateAsClientAsync("127.0.0.1").OrFail("the handshake");
        return tls.RemoteCertificate!.GetCertHashString();
    }
}
