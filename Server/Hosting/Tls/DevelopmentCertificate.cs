using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>
/// A certificate that the server makes for itself where none is given: for this machine's names and the addresses that
/// are bound. Browsers warn of it, since nobody vouches for it.
/// </summary>
/// <param name="folder">Where it is kept, so that who has once trusted it need not again; null keeps it in memory.</param>
/// <param name="hosts">The hosts of the addresses that are bound.</param>
internal sealed class DevelopmentCertificate(string? folder, IEnumerable<string> hosts)
{
    public const string FileName = "development-certificate.pem";

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    // Browsers trust none for longer than 398 days, whoever signed it.
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    // Clocks differ: it is valid a little before it was made.
    private static readonly TimeSpan Grace = TimeSpan.FromDays(1);

    /// <summary>With less than that left, it is made anew.</summary>
    public static readonly TimeSpan RenewWithin = TimeSpan.FromDays(30);

    private readonly SortedSet<string> _names =
        new([.. hosts.Select(host => host.Trim('[', ']')).Where(IsName), "localhost", Environment.MachineName, "127.0.0.1", "::1"], StringComparer.OrdinalIgnoreCase);

    private readonly string? _file = folder is null ? null : Path.Combine(folder, FileName);

    /// <summary>The one that is kept, where it is good for a while; else a new one, which is then kept.</summary>
    /// <exception cref="SettingException">It cannot be kept.</exception>
    public ServedCertificate Get(DateTimeOffset now)
    {
        if (Kept(now) is { } kept)
            return new ServedCertificate(kept);
        var made = Make(now);
        if (_file is not null)
            Keep(made);
        return new ServedCertificate(made);
    }

    private X509Certificate2? Kept(DateTimeOffset now)
    {
        try
        {
            if (_file is null || !File.Exists(_file))
                return null;
            var certificate = X509Certificate2.CreateFromPemFile(_file);
            var isGood = certificate.NotBefore.ToUniversalTime() <= now.UtcDateTime
                && certificate.NotAfter.ToUniversalTime() - now.UtcDateTime > RenewWithin
                && _names.All(name => certificate.MatchesHostname(name, allowWildcards: false, allowCommonName: false));
            return isGood ? certificate : null;
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // Damaged, it is as good as none: nobody needs to have this one.
            return null;
        }
    }

    private X509Certificate2 Make(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=RawSocketChat development", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in _names)
        {
            if (IPAddress.TryParse(name, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        // An end's certificate: who trusts it trusts this server, and nothing that it might sign.
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        return request.CreateSelfSigned(now - Grace, now + Lifetime);
    }

    // Only its owner may read it, from its first byte on; and it is there whole or not at all.
    private void Keep(X509Certificate2 certificate)
    {
        var partial = _file + ".partial";
        using var key = certificate.GetECDsaPrivateKey()!;
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            File.Delete(partial);
            using (var writer = new StreamWriter(partial, options))
            {
                writer.WriteLine(certificate.ExportCertificatePem());
                writer.WriteLine(key.ExportPkcs8PrivateKeyPem());
            }

            File.Move(partial, _file!, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"--Data:Path: the development certificate cannot be kept in \"{_file}\": {fault.Message}");
        }
    }

    // "*" and "+" are no names, nor are the addresses that stand for all.
    private static bool IsName(string host) =>
        IPAddress.TryParse(host, out var address)
            ? !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
            : Uri.CheckHostName(host) == UriHostNameType.Dns;
}
