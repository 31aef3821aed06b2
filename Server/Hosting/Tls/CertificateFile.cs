using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>The operator's certificate as it lies on the disk. Whatever is wrong with it is one line that names the setting.</summary>
internal sealed class CertificateFile(TlsOptions options)
{
    private const string RsaKey = "1.2.840.113549.1.1.1";
    private const string EcKey = "1.2.840.10045.2.1";

    // ERROR_INVALID_PASSWORD, which .NET gives on every system.
    private const int InvalidPassword = unchecked((int)0x80070056);

    private readonly string _path = options.Certificate ?? throw new ArgumentException("there is no file", nameof(options));

    /// <summary>What the files hold: the certificate's, and the key's where that has its own.</summary>
    /// <exception cref="SettingException">One cannot be read.</exception>
    public (byte[] Certificate, byte[]? Key) Read() => (Read("Certificate", _path), options.Key is { Length: > 0 } key ? Read("Key", key) : null);

    /// <exception cref="SettingException">It cannot be served.</exception>
    public ServedCertificate Open((byte[] Certificate, byte[]? Key) contents, DateTimeOffset now)
    {
        var text = Encoding.Latin1.GetString(contents.Certificate);
        var served = text.Contains("-----BEGIN ", StringComparison.Ordinal)
            ? OpenPem(text, contents.Key is null ? text : Encoding.Latin1.GetString(contents.Key))
            : OpenPkcs12(contents.Certificate);
        if (served.Expires <= now)
            throw Fault("Certificate", $"the certificate in \"{_path}\" ran out on {Day(served.Expires)}");
        if (served.Certificate.NotBefore.ToUniversalTime() > now.UtcDateTime)
            throw Fault("Certificate", $"the certificate in \"{_path}\" is not valid before {Day(served.Certificate.NotBefore.ToUniversalTime())}");
        return served;
    }

    private ServedCertificate OpenPem(string text, string keyText)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(text);
        }
        catch (CryptographicException)
        {
            all.Clear();
        }

        if (all.Count == 0)
            throw Fault("Certificate", $"\"{_path}\" holds no certificate that can be read (PEM or PKCS #12)");
        // As certbot and all others write it: the server's own first, its issuers after it.
        using var own = all[0];
        all.RemoveAt(0);
        return new ServedCertificate(WithKey(own, keyText), all);
    }

    private X509Certificate2 WithKey(X509Certificate2 certificate, string keyText)
    {
        if (!keyText.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw Fault("Key", $"\"{options.Key ?? _path}\" holds no private key{(options.Key is null ? "; name its file with --Tls:Key" : "")}");

        using AsymmetricAlgorithm key = certificate.GetKeyAlgorithm() switch
        {
            RsaKey => RSA.Create(),
            EcKey => ECDsa.Create(),
            _ => throw Fault("Certificate", $"the certificate in \"{_path}\" has a key of a kind that is not supported; RSA and ECDSA are"),
        };
        var isEncrypted = keyText.Contains("ENCRYPTED", StringComparison.Ordinal);
        try
        {
            if (isEncrypted)
                key.ImportFromEncryptedPem(keyText, options.Password ?? throw Fault("Password", $"the key in \"{options.Key ?? _path}\" is encrypted, and no password is given"));
            else
                key.ImportFromPem(keyText);
            return key is RSA rsa ? certificate.CopyWithPrivateKey(rsa) : certificate.CopyWithPrivateKey((ECDsa)key);
        }
        catch (CryptographicException) when (isEncrypted)
        {
            throw Fault("Password", $"it does not open the key in \"{options.Key ?? _path}\"");
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            throw Fault("Key", $"the key in \"{options.Key ?? _path}\" is not the one of the certificate in \"{_path}\"");
        }
    }

    private ServedCertificate OpenPkcs12(byte[] bytes)
    {
        if (options.Key is not null)
            throw Fault("Key", $"\"{_path}\" is no PEM file; PKCS #12 has its key in itself");
        X509Certificate2Collection all;
        try
        {
            all = X509CertificateLoader.LoadPkcs12Collection(bytes, options.Password);
        }
        catch (CryptographicException fault) when (fault.HResult == InvalidPassword)
        {
            throw Fault("Password", options.Password is null ? $"\"{_path}\" wants one, and none is given" : $"it does not open \"{_path}\"");
        }
        catch (CryptographicException)
        {
            throw Fault("Certificate", $"\"{_path}\" holds no certificate that can be read (PEM or PKCS #12)");
        }

        var own = all.FirstOrDefault(certificate => certificate.HasPrivateKey)
            ?? throw Fault("Certificate", $"\"{_path}\" holds no certificate with a private key");
        all.Remove(own);
        return new ServedCertificate(own, all);
    }

    private static byte[] Read(string setting, string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Fault(setting, $"\"{path}\" cannot be read: {fault.Message}");
        }
    }

    private static SettingException Fault(string setting, string text) => new($"--Tls:{setting}: {text}");

    private static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
