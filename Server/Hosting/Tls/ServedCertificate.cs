using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>A certificate with its key, as handshakes show it: together with the certificates of its issuers that were given with it.</summary>
public sealed class ServedCertificate
{
    public ServedCertificate(X509Certificate2 certificate, X509Certificate2Collection? others = null)
    {
        Certificate = OperatingSystem.IsWindows() ? Stored(certificate) : certificate;
        Expires = certificate.NotAfter.ToUniversalTime();
        // Offline: no start and no handshake waits for somebody else's server.
        Context = SslStreamCertificateContext.Create(Certificate, others, offline: true);
    }

    public X509Certificate2 Certificate { get; }

    public SslStreamCertificateContext Context { get; }

    public DateTimeOffset Expires { get; }

    /// <summary>Its SHA-256, as browsers show it.</summary>
    public string Fingerprint => Convert.ToHexString(Certificate.GetCertHash(HashAlgorithmName.SHA256));

    // Windows' TLS takes no key that is in memory alone.
    private static X509Certificate2 Stored(X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
}
